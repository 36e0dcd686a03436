import { cp, mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"

const packageRoot = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/

/** The folders of the packages that these files belong to, sorted: `node_modules/a`, `node_modules/a/node_modules/@b/c`. */
export const bundledPackages = (files: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set(files.flatMap((file) => packageRoot.exec(file)?.[0] ?? []))].sort()

const legalFile = /^(?:package\.json|(?:licen[cs]e|notice|copying|copyright|authors)(?:[.-].*)?)$/i

/**
 * Copies each package's manifest and legal files to the same path below `target`. Licences require the legal files, and
 * vulnerability scanners identify packages by manifest.
 */
export const keepManifests = async (packages: ReadonlyArray<string>, target: string): Promise<void> => {
  for (const folder of packages) {
    const names = (await readdir(folder)).filter((name) => legalFile.test(name))
    await mkdir(join(target, folder), { recursive: true })
    await Promise.all(names.map((name) => cp(join(folder, name), join(target, folder, name))))
  }
}
