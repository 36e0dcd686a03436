import type { Reporter, SerializedError, TestModule } from "vitest/node"

const suffix = (count: number, what: string) => (count === 0 ? "" : `, ${count} ${what}`)

const totals = (modules: ReadonlyArray<TestModule>, unhandled: ReadonlyArray<SerializedError>) => {
  const counts = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 }
  for (const module of modules) {
    for (const test of module.children.allTests()) counts[test.result().state] += 1
    // A file that does not load, or whose hooks fail, has errors of its own and perhaps no failed test.
    counts.failed += module.errors().length
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
  }
  return `${counts.passed} passed, ${counts.failed} failed${suffix(counts.skipped + counts.pending, "skipped")}`
}

/** Prints a machine-readable last line: `12 passed, 0 failed` and, if any, `, 3 skipped`. */
export class TotalsReporter implements Reporter {
  private line = "0 passed, 0 failed"

  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandled: ReadonlyArray<SerializedError>) {
    this.line = totals(modules, unhandled)
  }

  /** The default reporter, named before this one, prints its summary here. */
  onFinished() {
    process.stdout.write(`${this.line}\n`)
  }
}
