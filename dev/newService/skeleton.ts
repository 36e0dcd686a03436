import type { ServiceName } from "./ServiceName.ts"

const contract = ({ pascal, service }: ServiceName) => `import { Duration } from "effect"
import { Contract } from "effect-restate"
import { deadline } from "./Deadline.ts"
import { message } from "./protojson.ts"

/** TODO: what the service promises. The key is TODO. */
export const ${pascal}Service = Contract.object("${service}", {
  /** TODO: what an answer means. */
  Run: {
    input: message("ctrl_worker.v1.Run${pascal}Request", {}),
    output: message("ctrl_worker.v1.Run${pascal}Response", {}),
    ingress: "private",
    annotations: deadline(Duration.hours(2))
  }
})
`

const workflows = ({ pascal }: ServiceName) => `import { Effect } from "effect"
import { implement, step } from "effect-restate"
import { ${pascal}Service } from "../../contract/${pascal}Service.ts"
import { pauseAfterRetries } from "../retry.ts"

const run = Effect.gen(function* () {
  // TODO: the body of a step has an effect that is safe to repeat.
  yield* step("run", Effect.void)
  return {}
})

/** Key: TODO. */
export const ${pascal}Workflows = implement(${pascal}Service, { Run: () => run }, { retry: pauseAfterRetries })
`

/** Tests and documents refer to a story by its name, and its journal is recorded under it. */
const storyName = ({ pascal }: ServiceName) => `Run of ${pascal}Service`

const stories = (name: ServiceName) => `import { assert } from "@effect/vitest"
import { Effect, Either, Layer } from "effect"
import { ${name.pascal}Service } from "../../../src/contract/${name.pascal}Service.ts"
import { ${name.pascal}Workflows } from "../../../src/workflows/${name.camel}/${name.pascal}Workflows.ts"
import { Engine } from "../../support/workflows/ControlPlane.ts"
import { command } from "../../support/workflows/commands.ts"
import { type Story, thorough } from "../../support/workflows/Story.ts"

/** TODO: provide what the workflow needs, in memory. */
const served = Layer.effectDiscard(Effect.flatMap(Engine, (engine) => engine.serve(${name.pascal}Workflows)))

/** Each runs in the crash matrix, has its journal recorded, and is refused each of its statements. */
export const ${name.camel}Stories = {
  "${storyName(name)}": {
    run: Effect.gen(function* () {
      const answer = yield* command(${name.pascal}Service, "Run")("key_1", {})
      assert.deepStrictEqual(answer, Either.right({}))
      return answer
    }),
    world: { more: served },
    matrix: thorough
  }
} satisfies Record<string, Story>
`

const storiesPath = ({ camel }: ServiceName) => `test/workflows/${camel}/${camel}.stories.ts`

/** As \`UPDATE_JOURNALS=1\` records it. A request that is delivered twice is not part of the record. */
const journal = ({ service }: ServiceName) =>
  `${JSON.stringify({ [`${service}/key_1/Run#1`]: ["run run"] }, null, 2)}\n`

const journalPath = (name: ServiceName) =>
  `test/workflows/fixtures/${storyName(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")}.json`

/** The new files of a service with one handler of one step, by path. */
export const skeleton = (name: ServiceName): ReadonlyMap<string, string> =>
  new Map([
    [`src/contract/${name.pascal}Service.ts`, contract(name)],
    [`src/workflows/${name.camel}/${name.pascal}Workflows.ts`, workflows(name)],
    [storiesPath(name), stories(name)],
    [journalPath(name), journal(name)]
  ])

/** The service's section of docs/guarantees.md. */
export const guarantees = (name: ServiceName) => `## ${name.pascal}Service (\`${name.service}\`)

Key: TODO. \`Run\` is private.

### \`Run\`

- TODO: what a caller can rely on.

**Breaks when** TODO.

Tests: [${name.camel}.stories.ts](../${storiesPath(name)}
  "${storyName(name)}")

`
