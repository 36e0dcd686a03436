import { assert, layer } from "@effect/vitest"
import { Array as Arr, Effect, Ref } from "effect"
import { namesOf, seedDeployment, seededAt, seedProject } from "../support/memory/seeds.ts"
import { type Follower, followRegion, versionedRows } from "./support/CursorReader.ts"
import { deployNew, imageOf, projectRow, routesOf, rows, unfinished } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { messageOf, postDeployService, type RawReply } from "./support/ingress.ts"
import { inOrder, type Takeover, takeovers } from "./support/liveHistory.ts"
import { proxiedStack, Workers } from "./support/Stack.ts"

const regions = ["eu-west-1.aws", "us-east-1.aws"]
const { projectId } = namesOf("race")
const numbered = (prefix: string, count: number) => Arr.makeBy(count, (n) => `d_${prefix}_${n}`)

/** Six seconds when nothing else runs; four processes and two servers share the machine. */
const testTimeout = 120_000

const first = "d_first"
const deployed = numbered("new", 20)
const promoted = numbered("promote", 15)
const rolledBackTo = numbered("rollback", 15)

const why = {
  400: /^cannot (promote|roll back to) deployment d_\w+: (the source is not the live deployment|it is already live)$/,
  409: /^project proj_race has d_\w+ live, not d_\w+ as expected$/
}

/** Ready deployments to switch to, none of them live yet, and the first one, which is. */
const seed = Effect.gen(function* () {
  yield* seedProject("race", { regions: Object.fromEntries(regions.map((region) => [region, 1])) })
  for (const [nth, id] of [...promoted, ...rolledBackTo].entries())
    yield* seedDeployment("race", id, { status: "ready", created_at: seededAt + nth })
  yield* deployNew("race", first, 100)
  for (const [nth, id] of deployed.entries()) yield* seedDeployment("race", id, { created_at: seededAt + 200 + nth })
})

const promote = (targetDeploymentId: string) => postDeployService("Promote", projectId, { targetDeploymentId })

/** From what is live at the moment, as a user of the dashboard would. */
const rollBack = (targetDeploymentId: string) =>
  Effect.flatMap(projectRow("race"), ({ live: sourceDeploymentId }) =>
    postDeployService("Rollback", projectId, { sourceDeploymentId, targetDeploymentId })
  )

const deploy = (deploymentId: string) =>
  postDeployService("Deploy", projectId, { deploymentId, dockerImage: { image: imageOf(deploymentId) } })

const expectReason = (reply: RawReply) => {
  assert.oneOf(reply.status, [200, 400, 409], reply.text)
  if (reply.status === 200) assert.strictEqual(reply.text, "{}")
  else assert.match(messageOf(reply), reply.status === 400 ? why[400] : why[409])
}

/** A loser is told why, looks again and tries once more, three times at most. */
const insist = <E, R>(request: Effect.Effect<RawReply, E, R>) =>
  Effect.tap(request, expectReason).pipe(Effect.repeat({ times: 2, until: ({ status }) => status === 200 }))

const requests = [
  ...Arr.zipWith(promoted, rolledBackTo, (one, other) => [insist(promote(one)), insist(rollBack(other))]).flat(),
  ...deployed.map(deploy)
]

/** All at once; a worker is killed as soon as some are answered, and started again. */
const race = Effect.gen(function* () {
  const { first: worker } = yield* Workers
  const answered = yield* Ref.make(0)
  const crash = eventually("the first answers", Ref.get(answered), (count) => count >= 5).pipe(
    Effect.zipRight(worker.kill("SIGKILL")),
    Effect.zipRight(worker.restart)
  )
  const all = Effect.all(
    requests.map((request) =>
      Effect.zipLeft(
        request,
        Ref.update(answered, (count) => count + 1)
      )
    ),
    { concurrency: "unbounded" }
  )
  const [replies] = yield* Effect.all([all, crash], { concurrency: "unbounded" })
  return replies
})

/** Each takeover took over from the one before it, which is what its asker saw; and who was told of success made one. */
const assertOneHistory = (history: ReadonlyArray<Takeover>, live: string | null | undefined, winners: number) => {
  for (const { expected, from, intent, to } of history) if (intent !== "deploy") assert.strictEqual(from, expected, to)
  const order = inOrder(history)
  assert.strictEqual(order.length, history.length)
  assert.strictEqual(order[0], first)
  assert.strictEqual(order.at(-1), live)
  assert.strictEqual(order.filter((id) => promoted.includes(id) || rolledBackTo.includes(id)).length, winners)
}

const assertNothingMissed = Effect.fnUntraced(function* ({ region, seen }: Follower) {
  const known = yield* seen
  const missed = (yield* versionedRows(region)).filter((row) => !known.has(row))
  assert.deepStrictEqual(missed, [])
})

layer(proxiedStack({ regions, workers: 3 }), { excludeTestServices: true, timeout: "1 minute" })("a race", (it) => {
  it.scoped(
    "of 50 deploys, promotions and rollbacks on three workers leaves one live deployment and one history",
    () =>
      Effect.gen(function* () {
        yield* seed
        const followers = yield* Effect.forEach(regions, followRegion)
        const replies = yield* race
        const [switches, deploys] = Arr.splitAt(replies, promoted.length + rolledBackTo.length)
        for (const reply of deploys) assert.deepStrictEqual(reply, { status: 200, text: "{}" })
        yield* eventually("the end of every invocation", unfinished, (left) => left.length === 0)

        const { live, rolledBack } = yield* projectRow("race")
        const routes = yield* routesOf("race")
        assert.strictEqual(routes["race-race"], live)
        if (!rolledBack) assert.strictEqual(routes["race-production-race"], live)

        const winners = switches.filter(({ status }) => status === 200).length
        assert.isTrue(winners > 0 && winners < switches.length, `${winners} of ${switches.length} switched`)
        assertOneHistory(yield* takeovers(projectId), live, winners)
        yield* Effect.forEach(followers, assertNothingMissed)
        const { deployments } = yield* rows
        for (const id of deployed) assert.strictEqual(deployments.find((row) => row.id === id)?.status, "ready")
      }),
    testTimeout
  )
})
