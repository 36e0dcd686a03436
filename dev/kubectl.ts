import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { devFolder } from "./stack/RunDirectory.ts"

const folder = join(devFolder, "kubectl")
const packages = join(folder, "packages")

const run = (command: string, args: ReadonlyArray<string>, cwd = "."): string => {
  const { error, status, stderr, stdout } = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 100_000 })
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr}`)
  return stdout
}

/** Kustomize 5 is the first that has `labels` and components as the manifests use them. Debian 12 packages version 2. */
const isRecent = (kubectl: string): boolean =>
  /Kustomize Version: v([5-9]|\d\d)\./.test(
    spawnSync(kubectl, ["version", "--client"], { encoding: "utf8" }).stdout ?? ""
  )

/** The kubectl of Debian 13, a static program, fetched with lists of its own so that nothing of the machine changes. */
const fetched = (): string => {
  const program = join(folder, "usr", "bin", "kubectl")
  if (isRecent(program)) return program
  const archive = run("apt-get", ["indextargets", "--format", "$(REPO_URI)", "Component: main"]).split("\n")[0]
  if (archive === undefined || archive === "") throw new Error("apt-get names no archive; is this Debian?")
  const lists = join(folder, "lists")
  for (const each of [packages, join(lists, "partial"), join(folder, "cache", "archives", "partial")])
    mkdirSync(each, { recursive: true })
  const sources = join(folder, "sources.list")
  writeFileSync(sources, `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${archive} trixie main\n`)
  const status = join(folder, "status")
  writeFileSync(status, "")
  const options = [
    ["Dir::Etc::SourceList", sources],
    ["Dir::Etc::SourceParts", "/dev/null"],
    ["Dir::State::Lists", lists],
    ["Dir::State::Status", status],
    ["Dir::Cache", join(folder, "cache")],
    ["Acquire::Check-Valid-Until", "false"]
  ].flatMap(([name, value]) => ["-o", `${name}=${value}`])
  run("apt-get", [...options, "update"], packages)
  run("apt-get", [...options, "download", "kubectl"], packages)
  for (const each of readdirSync(packages)) run("dpkg", ["-x", join(packages, each), folder])
  if (!isRecent(program)) throw new Error("the archive's kubectl has no Kustomize 5")
  return program
}

/** A kubectl with Kustomize 5: STACK_KUBECTL, else the machine's, else Debian's. Throws where there is none. */
export const findKubectl = (): string => process.env.STACK_KUBECTL ?? (isRecent("kubectl") ? "kubectl" : fetched())

/** The rendered objects of a folder as YAML documents. */
export const kustomize = (kubectl: string, path: string): string => run(kubectl, ["kustomize", path])
