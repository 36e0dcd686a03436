import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
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
      copy: (from: string, to: string) => Effect.promise(() => cp(at(from), at(to), { recursive: true })),
      edit: (path: string, change: (text: string) => string) =>
        Effect.promise(async () => writeFile(at(path), change(await readFile(at(path), "utf8")))),
      write: (path: string, text: string) =>
        Effect.promise(async () => {
          await mkdir(join(at(path), ".."), { recursive: true })
          await writeFile(at(path), text)
        }),
      render: (path: string) => render(at(path))
    }
  }
)
