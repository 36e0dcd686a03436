import { execFile } from "node:child_process"
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Effect } from "effect"
import { parseAllDocuments } from "yaml"
import { kubectlProgram, renderKustomization } from "../../../dev/stack/KubectlProgram.ts"
import type { StackFailure } from "../../../dev/stack/StackFailure.ts"
import { type KubernetesObject, kubernetesObject } from "./Manifest.ts"

const deploy = fileURLToPath(new URL("../../../deploy", import.meta.url))

/** The overlays that a cluster can be given as they are. */
export const overlays = [
  "deployment-production",
  "deployment-small",
  "restatedeployment-production",
  "restatedeployment-small"
] as const

const render = (folder: string): Effect.Effect<ReadonlyArray<KubernetesObject>, StackFailure> =>
  Effect.flatMap(kubectlProgram, (kubectl) => renderKustomization(kubectl, folder)).pipe(
    Effect.map((text) => parseAllDocuments(text).map((document) => kubernetesObject(document.toJS())))
  )

/** Rendered once for all tests of a file. */
export const renderOverlay = Effect.runSync(
  Effect.cachedFunction((name: (typeof overlays)[number]) => render(join(deploy, "kubernetes", "overlays", name)))
)

export const overlayFolders = Effect.promise(() => readdir(join(deploy, "kubernetes", "overlays")))

/** A copy of `deploy` to change as its README says, gone with the scope. */
export const copyOfDeploy = Effect.map(
  Effect.acquireRelease(
    Effect.promise(async () => {
      const root = await mkdtemp(join(tmpdir(), "control-plane-worker-deploy-"))
      await cp(deploy, root, { recursive: true })
      return root
    }),
    (root) => Effect.promise(() => rm(root, { recursive: true, force: true }))
  ),
  (root) => {
    const at = (path: string) => join(root, "kubernetes", path)
    return {
      /** Runs commands there, and dies of the first that fails. */
      shell: (folder: string, commands: string) =>
        Effect.promise(() => promisify(execFile)("sh", ["-euc", commands], { cwd: at(folder) })),
      edit: (path: string, change: (text: string) => string) =>
        Effect.promise(async () => writeFile(at(path), change(await readFile(at(path), "utf8")))),
      render: (path: string) => render(at(path))
    }
  }
)
