import { cp, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { parseAllDocuments } from "yaml"
import { chartFolder } from "../../../dev/manifests/chart.ts"
import { helm, helmProgram } from "../../../dev/stack/HelmProgram.ts"
import { RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import { type KubernetesObject, kubernetesObject } from "./Manifest.ts"

export const chart = fileURLToPath(chartFolder)

export const namespace = "control-plane"

/** A folder, gone with the scope. */
const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "control-plane-worker-chart-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** A values file. JSON is YAML too. */
const valuesFile = (values: object) =>
  Effect.tap(
    Effect.map(temporaryFolder, (folder) => join(folder, "values.yaml")),
    (file) => Effect.promise(() => writeFile(file, JSON.stringify(values)))
  )

/** Runs `helm <command> ... <chart>` with these values. */
export const runHelm = (command: ReadonlyArray<string>, values: object = {}, folder = chart) =>
  Effect.gen(function* () {
    const program = yield* helmProgram
    return yield* helm(program, [...command, folder, "--values", yield* valuesFile(values)])
  }).pipe(Effect.scoped, Effect.provide(RunDirectoryLive))

/** Helm without a cluster assumes a version of Kubernetes that is too old for the chart. */
const template = ["template", "control-plane-worker", "--namespace", namespace, "--kube-version", "1.34.0"]

/** An object with the notes: without a cluster Helm renders notes and shows them nowhere. */
const notesObject = `apiVersion: v1
kind: ConfigMap
metadata:
  name: notes
data:
  notes: {{ include (print $.Template.BasePath "/NOTES.txt") . | toJson }}
`

/** What Helm shows after an install. */
export const renderNotes = (values: object = {}) =>
  Effect.gen(function* () {
    const folder = join(yield* temporaryFolder, "chart")
    yield* Effect.promise(() => cp(chart, folder, { recursive: true }))
    yield* Effect.promise(() => writeFile(join(folder, "templates", "notes.yaml"), notesObject))
    const text = yield* runHelm([...template, "--show-only", "templates/notes.yaml"], values, folder)
    const [document] = parseAllDocuments(text)
    return String(document?.toJS().data.notes)
  }).pipe(Effect.scoped)

/** The objects of one release. */
export const renderChart = (values: object = {}) =>
  Effect.map(
    runHelm(template, values),
    (text): ReadonlyArray<KubernetesObject> =>
      parseAllDocuments(text)
        .map((document) => document.toJS())
        .filter((document) => document !== null)
        .map(kubernetesObject)
  )
