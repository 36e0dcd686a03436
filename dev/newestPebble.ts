import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { devFolder } from "./stack/RunDirectory.ts"

// Fetches the newest Pebble that Debian has, whatever release this machine is of, without installing it, and prints the
// path of its program. Both of its programs are static enough to run on an older release. No root is needed:
//
//   STACK_PEBBLE=$(npx node dev/newestPebble.ts) npx vitest run test/layers/acme/pebble.test.ts

const folder = join(devFolder, "newest-pebble")
const packages = join(folder, "packages")

const run = (command: string, args: ReadonlyArray<string>, cwd: string): string => {
  const { error, status, stderr, stdout } = spawnSync(command, args, { cwd, encoding: "utf8" })
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr}`)
  return stdout
}

/** This machine's package archive has every release. */
const archive = run("apt-get", ["indextargets", "--format", "$(REPO_URI)", "Component: main"], ".").split("\n")[0]
if (archive === undefined || archive === "") throw new Error("apt-get knows no archive; is this Debian?")

const lists = join(folder, "lists")
for (const each of [packages, join(lists, "partial"), join(folder, "cache", "archives", "partial")])
  mkdirSync(each, { recursive: true })
writeFileSync(
  join(folder, "sources.list"),
  `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${archive} sid main\n`
)

/** apt-get with private state, so that the machine is not changed. */
const aptGet = (...args: ReadonlyArray<string>) =>
  run(
    "apt-get",
    [
      ["Dir::Etc::SourceList", join(folder, "sources.list")],
      ["Dir::Etc::SourceParts", "/dev/null"],
      ["Dir::State::Lists", lists],
      ["Dir::Cache", join(folder, "cache")],
      // A machine whose clock is ahead considers the list expired.
      ["Acquire::Check-Valid-Until", "false"]
    ]
      .flatMap(([name, value]) => ["-o", `${name}=${value}`])
      .concat(args),
    packages
  )

aptGet("update")
aptGet("download", "pebble")
const newest = readdirSync(packages)
  .filter((name) => name.endsWith(".deb"))
  .sort()
  .at(-1)
if (newest === undefined) throw new Error("the archive has no Pebble")
run("dpkg", ["-x", join(packages, newest), folder], folder)
process.stdout.write(`${join(folder, "usr", "bin", "pebble")}\n`)
