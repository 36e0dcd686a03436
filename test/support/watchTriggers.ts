import { globSync } from "node:fs"

/** Tests of minutes: they run when they are changed themselves, and in `npm test`. */
const slow = /crash|simulation|fleet|scale|\.full\./i

/** The tests of a source in `src/<layer>/<service>/`: those of the same folder and of the workflows of the same service. */
const testsOf = (layer: string, service: string): Array<string> =>
  globSync([`test/${layer}/${service}/**/*.test.ts`, `test/workflows/${service}/**/*.test.ts`]).filter(
    (file) => !slow.test(file)
  )

/**
 * What `npm run test:watch` runs for a change. Without it a change of a workflow runs every test that loads it, which is
 * most of them, because stories of all services share one control plane.
 */
export const watchTriggers = [
  {
    pattern: /\/src\/(\w+)\/(\w+)\/.*\.ts$/,
    testsToRun: (_: string, [, layer = "", service = ""]: RegExpMatchArray) => {
      const tests = testsOf(layer, service)
      // Nothing to run: the modules that load the file decide.
      return tests.length === 0 ? undefined : tests
    }
  },
  { pattern: /\.test\.ts$/, testsToRun: (file: string) => [file] }
]
