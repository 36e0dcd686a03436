/**
 * The worker, with a way to keep its event loop from turning: after SIGUSR2 nothing runs for as long as BLOCKED_MILLIS says,
 * as with a loop in JavaScript that does not end.
 */
process.on("SIGUSR2", () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(process.env.BLOCKED_MILLIS))
})

await import(process.env.PROGRAM ?? "../../src/main.ts")
