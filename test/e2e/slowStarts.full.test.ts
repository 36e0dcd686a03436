import { assert, layer } from "@effect/vitest"
import { Config, Duration, Effect } from "effect"
import { Krane } from "../../dev/simulators/Krane.ts"
import { everythingIsReadable } from "../contract/neighbours/misreadings.ts"
import { seedDeployment, seedProject } from "../support/memory/seeds.ts"
import { deploymentRow, deployNew, imageOf, projectRow, rows } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { messageOf, postDeployService } from "./support/ingress.ts"
import { stack } from "./support/Stack.ts"

const region = "eu-west-1.aws"

/**
 * What lasts a minute in production lasts this long here: krane's look at all that runs, a third of the grace, and what is
 * said of starts below. SLOW_STARTS_MINUTE="1 minute" is production.
 */
const minute = Effect.runSync(Config.duration("SLOW_STARTS_MINUTE").pipe(Config.withDefault(Duration.seconds(4))))
const seconds = (count: number) => Duration.times(minute, count / 60)

const krane = { resyncInterval: minute, restartPause: seconds(10) }
const env = { WORKER_DEPLOYS_FAILURE_GRACE: `${Duration.toMillis(Duration.times(minute, 3))}ms` }

layer(stack({ regions: [region], krane, env }), { excludeTestServices: true, timeout: "1 minute" })(
  "a start that krane reports as failed on its way",
  (it) => {
    it.effect(
      "goes live after 70 s unready or two restarts, and fails as a crash loop within four minutes, with its reason",
      () =>
        Effect.gen(function* () {
          const simulator = yield* Krane
          for (const name of ["unready", "restarted", "looping"]) yield* seedProject(name, { regions: { [region]: 1 } })
          yield* simulator.beUnready("d_unready", seconds(70))
          yield* simulator.restart("d_restarted", 2)
          yield* simulator.fail("d_looping")
          const failing = Effect.gen(function* () {
            yield* seedDeployment("looping", "d_looping")
            const source = { deploymentId: "d_looping", dockerImage: { image: imageOf("d_looping") } }
            return yield* Effect.timed(postDeployService("Deploy", "proj_looping", source))
          })
          const [unready, restarted, [took, reply]] = yield* Effect.all(
            [
              Effect.timed(deployNew("unready", "d_unready", 1)),
              Effect.timed(deployNew("restarted", "d_restarted", 1)),
              failing
            ],
            { concurrency: "unbounded" }
          )
          assert.isTrue(Duration.greaterThanOrEqualTo(unready[0], seconds(70)))
          assert.isTrue(Duration.greaterThanOrEqualTo(restarted[0], seconds(45)))
          for (const name of ["unready", "restarted"])
            assert.deepStrictEqual(yield* projectRow(name), { live: `d_${name}`, rolledBack: false })
          assert.strictEqual(reply.status, 500)
          assert.include(
            messageOf(reply),
            "d_looping failed while deploying: no instance runs in eu-west-1.aws; failed: "
          )
          assert.isTrue(
            Duration.between(took, { minimum: seconds(180), maximum: Duration.sum(seconds(240), "3 seconds") }),
            Duration.format(took)
          )
          assert.deepInclude(yield* deploymentRow("d_looping"), { status: "failed", desired_state: "standby" })
          yield* everythingIsReadable
        }),
      60_000 + Duration.toMillis(minute) * 5
    )

    it.effect("keeps its instances in the rows for as long as krane runs them, and none of what failed", () =>
      Effect.gen(function* () {
        const failed = Effect.map(rows, ({ instances }) => instances.filter((row) => row.deployment_id === "d_looping"))
        // Kubernetes deletes pods some time after krane has been told.
        yield* eventually("the end of what failed", failed, (left) => left.length === 0)
        const { instances } = yield* rows
        const left = instances.map(({ deployment_id, status }) => [deployment_id, status])
        assert.deepStrictEqual(left.toSorted(), [
          ["d_restarted", "running"],
          ["d_unready", "running"]
        ])
      })
    )
  }
)
