import { Array as Arr, Effect, Schedule } from "effect"
import type { Healed } from "./faults.ts"
import { count, switches } from "./ledger.ts"
import type { Expected, Outcome } from "./load.ts"

const versionedRows = ["deployment_topology", "sentinels", "cilium_network_policies"]
  .map((table) => `SELECT region, version FROM ${table}`)
  .join(" UNION ALL ")

/** What the tables must not hold after any number of repetitions. Each statement counts offenders. */
const offenders: Readonly<Record<string, string>> = {
  "deployment steps that were never closed": "SELECT COUNT(*) AS n FROM deployment_steps WHERE ended_at IS NULL",
  "deployment steps that closed with an error": "SELECT COUNT(*) AS n FROM deployment_steps WHERE error IS NOT NULL",
  "deployment steps that are there twice":
    "SELECT COUNT(*) AS n FROM (SELECT 1 FROM deployment_steps GROUP BY deployment_id, step HAVING COUNT(*) > 1) AS twice",
  "versions that were given twice": `SELECT COUNT(*) AS n FROM (SELECT 1 FROM (${versionedRows}) AS versioned GROUP BY region, version HAVING COUNT(*) > 1) AS twice`,
  "live routes that do not lead to the live deployment": `SELECT COUNT(*) AS n FROM frontline_routes r JOIN projects p ON p.id = r.project_id
     WHERE r.sticky = 'live' AND NOT (r.deployment_id <=> p.live_deployment_id)`
}

/** The ledger holds exactly the changes that were asked for, in the order in which they were. */
const differing = (expected: Expected, recorded: ReadonlyArray<string>): ReadonlyArray<string> => {
  const wanted = expected.history.map(({ live, rolledBack }) => `${live} ${rolledBack}`)
  return wanted.length === recorded.length && wanted.every((it, index) => it === recorded[index])
    ? []
    : [`${expected.project.slug}: ${wanted.length} changes of the live deployment wanted, ${recorded.length} made`]
}

const notReady = (expected: ReadonlyArray<Expected>) => {
  const ids = expected.flatMap(({ ready }) => ready)
  return Effect.map(
    Effect.forEach(Arr.chunksOf(ids, 500), (some) =>
      count(
        `SELECT COUNT(*) AS n FROM deployments WHERE status = 'ready' AND id IN (${some.map((id) => `'${id}'`).join(", ")})`
      )
    ),
    (counts) => ids.length - counts.reduce((sum, n) => sum + n, 0)
  )
}

/** Zero, or what is left two minutes after everything has healed. */
const afterTwoMinutes = (unfinished: Effect.Effect<number>) =>
  Effect.repeat(unfinished, { schedule: Schedule.spaced("500 millis"), times: 240, until: (n) => n === 0 })

/** Everything that is not as promised, in words. Nothing: lost nothing, did nothing twice, is not stuck. */
export const findProblems = Effect.fnUntraced(function* (
  { expected, wrong }: Outcome,
  /** Invocations that are neither over nor waiting for a time of theirs, as Restate knows them. */
  unfinished: Effect.Effect<number>
) {
  yield* afterTwoMinutes(unfinished)
  const stuck = yield* unfinished
  const recorded = new Map<string, ReadonlyArray<string>>()
  for (const { live, project_id, rolled_back } of yield* switches) {
    recorded.set(project_id, [...(recorded.get(project_id) ?? []), `${live} ${rolled_back === 1}`])
  }
  const counted = yield* Effect.forEach(Object.entries(offenders), ([what, statement]) =>
    Effect.map(count(statement), (n) => (n === 0 ? [] : [`${n} ${what}`]))
  )
  const unready = yield* notReady(expected)
  return [
    ...wrong.map(({ answer, command }) => `${command}: ${answer}`),
    ...(stuck === 0 ? [] : [`${stuck} invocations are not over two minutes after the last fault`]),
    ...expected.flatMap((it) => differing(it, recorded.get(it.project.id) ?? [])),
    ...(unready === 0 ? [] : [`${unready} deployments are not ready`]),
    ...counted.flat()
  ]
})

/** From the beginning or the end of each fault to the next answer to any caller, in milliseconds. */
export const recoveries = (
  healed: ReadonlyArray<Healed>,
  from: "struckAt" | "at",
  { done }: Outcome
): ReadonlyArray<number> =>
  healed.flatMap(({ [from]: since }) => {
    const later = done.filter((it) => it.at >= since).map((it) => it.at - since)
    return later.length === 0 ? [] : [Math.min(...later)]
  })
