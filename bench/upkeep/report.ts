import { cpus, loadavg, totalmem } from "node:os"
import type { QuotaSample } from "./quota.ts"
import type { RefillSample } from "./refill.ts"

export interface UpkeepResults {
  readonly refill: ReadonlyArray<RefillSample>
  readonly quota: QuotaSample
}

const row = (...cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`
const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<string>): string =>
  [row(...head), row(...head.map(() => "---")), ...rows].join("\n")
const count = (value: number): string => value.toLocaleString("en-US")
const bytes = (value: number): string => count(Math.round(value))

const sizesTable = (samples: ReadonlyArray<RefillSample>): string =>
  table(
    [
      "keys due",
      "seconds",
      "keys/s",
      "script s",
      "time against the script",
      "state B",
      "journals B",
      "largest journal B",
      "worker MiB"
    ],
    samples.flatMap((sample) => {
      const { keys, scriptSeconds, seconds } = sample
      if (scriptSeconds === null) return []
      return [
        row(
          count(keys),
          seconds.toFixed(1),
          count(Math.round(keys / seconds)),
          scriptSeconds.toFixed(1),
          (seconds / scriptSeconds).toFixed(2),
          bytes(sample.stateBytes),
          bytes(sample.journalBytes),
          bytes(sample.largestJournalBytes),
          sample.peakMiB.toFixed(0)
        )
      ]
    })
  )

const batchTable = (samples: ReadonlyArray<RefillSample>): string =>
  table(
    ["batch", "keys due", "keys/s", "ms per batch"],
    samples
      .filter(({ scriptSeconds }) => scriptSeconds === null)
      .map(({ batch, keys, seconds }) =>
        row(
          count(batch),
          count(keys),
          count(Math.round(keys / seconds)),
          ((seconds * 1000) / (keys / batch)).toFixed(0)
        )
      )
  )

const quotaTable = (sample: QuotaSample): string =>
  table(
    [
      "workspaces",
      "too much",
      "first check s",
      "later check s",
      "one statement s",
      "largest state B",
      "largest journal B",
      "worker MiB"
    ],
    [
      row(
        count(sample.workspaces),
        count(sample.exceeded),
        sample.firstSeconds.toFixed(1),
        sample.laterSeconds.toFixed(1),
        sample.statementSeconds.toFixed(2),
        bytes(sample.largestStateBytes),
        bytes(sample.largestJournalBytes),
        sample.peakMiB.toFixed(0)
      )
    ]
  )

const machine = (): string =>
  `${cpus().length} processors, ${(totalmem() / 2 ** 30).toFixed(0)} GiB; load average of the last quarter of an hour: ${loadavg()[2]?.toFixed(1)}`

/** The part of RESULTS.md on scheduled jobs. */
export const upkeepReport = ({
  quota,
  refill
}: UpkeepResults): string => `Written by \`npm run bench:upkeep\` (\`-- --quick\` for a quick run that keeps this file; \`-- --keys 1000000 --workspaces 100000\`
are the defaults). The worker as production runs it, Restate and the stack's database share one machine: ${machine()}.
A load above the number of processors means other load: then only the ratios are meaningful.

### Key refill

A run through the ingress, from the call to its answer, over a table with twice as many keys as are due. The script has four statements for the same rows with the same ids, timed before and after the run on the same table: no cursor, no locks
across statements, no progress, no retries.

${sizesTable(refill)}

The state is the position and two values about it. Each slice of 25 batches is an invocation of its own, whose journal stays the
same however many keys there are. RunRefill's own, the largest one of the last row, grows by one call per slice: by less than 1 kB for
each 25,000 keys. Sizes of journals are those of Restate's JSON view of them.

${batchTable(refill)}

Keys of a batch are locked for as long as its transaction runs, most of the time of a batch: a request that counts against one of them waits that long.
A batch of 1000 is taken because that wait stays below a tenth of a second; larger ones refill faster and hold their locks longer
in proportion. \`key_refill.batch_size\` chooses.

### Quota check

Every workspace has used something in both of ClickHouse's tables (${quota.clickhouse}), and one in a thousand too much; the first
check posts a notice about each to a local Slack stand-in, the later one about none. The statement joins all workspaces of MySQL with their quotas
and returns a count, without their usage.

${quotaTable(quota)}
`
