import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { argv } from "node:process"

/** Runs the tests, and beside them what else must be right. Ends with the first of them that fails. */
const shell = (command: string, stdio: "inherit" | "pipe"): ChildProcess =>
  spawn(command, { shell: true, stdio: ["inherit", stdio, stdio] })

const ended = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => child.once("exit", (code) => resolve(code ?? 1)))

// Tests compile sources too: the compiler must not be patched under them.
spawnSync("effect-language-service patch", { shell: true })

const check = shell("node dev/check.ts && node dev/build.ts", "pipe")
const said: Array<Buffer> = []
check.stdout?.on("data", (chunk: Buffer) => said.push(chunk))
check.stderr?.on("data", (chunk: Buffer) => said.push(chunk))
const tests = shell(["exec vitest run", ...argv.slice(2)].join(" "), "inherit")

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    for (const child of [check, tests]) child.kill(signal)
  })

const checked = ended(check).then((code) => {
  if (code !== 0) {
    globalThis.console.error(`\n${Buffer.concat(said)}\nThe tests are stopped: check or build failed.`)
    tests.kill("SIGTERM")
  }
  return code
})
const [checkCode, testCode] = await Promise.all([checked, ended(tests)])
process.exitCode = checkCode === 0 ? testCode : 1
