import { mkdtemp, rm, writeFile } from "node:fs/promises"
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

/** A values file, gone with the scope. JSON is YAML too. */
const valuesFile = (values: object) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = await mkdtemp(join(tmpdir(), "control-plane-worker-values-"))
      await writeFile(join(folder, "values.yaml"), JSON.stringify(values))
      return folder
    }),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  ).pipe(Effect.map((folder) => join(folder, "values.yaml")))

/** Runs `helm <command> ... <chart>` with these values. */
export const runHelm = (command: ReadonlyArray<string>, values: object = {}) =>
  Effect.gen(function* () {
    const program = yield* helmProgram
    return yield* helm(program, [...command, chart, "--values", yield* valuesFile(values)])
  }).pipe(Effect.scoped, Effect.provide(RunDirectoryLive))

/** The objects of one release. Helm without a cluster assumes a version of Kubernetes that is too old for the chart. */
export const renderChart = (values: object = {}) =>
  Effect.map(
    runHelm(["template", "control-plane-worker", "--namespace", namespace, "--kube-version", "1.34.0"], values),
    (text): ReadonlyArray<KubernetesObject> =>
      parseAllDocuments(text)
        .map((document) => document.toJS())
        .filter((document) => document !== null)
        .map(kubernetesObject)
  )
