import { Context, Effect, Layer } from "effect"
import { ClickhouseUnavailable, type UsagePage, UsageSource } from "../../../src/services/clickhouse/Usage.ts"

/** Usage by month (`YYYY-M`) and workspace. */
export class MemoryUsage extends Context.Tag("test/MemoryUsage")<
  MemoryUsage,
  {
    readonly use: (year: number, month: number, workspaceId: string, used: number) => void
    /** Every page that was asked for. */
    readonly pages: ReadonlyArray<UsagePage>
  }
>() {}

export interface MemoryUsageOptions {
  readonly isConfigured?: boolean
}

export const memoryUsage = ({ isConfigured = true }: MemoryUsageOptions = {}) =>
  Layer.effectContext(
    Effect.sync(() => {
      const months = new Map<string, Map<string, number>>()
      const pages: Array<UsagePage> = []
      const monthOf = (year: number, month: number) => {
        const found = months.get(`${year}-${month}`) ?? new Map<string, number>()
        months.set(`${year}-${month}`, found)
        return found
      }
      const page = (asked: UsagePage) => {
        pages.push(asked)
        return [...monthOf(asked.year, asked.month)]
          .map(([workspaceId, used]) => ({ workspaceId, used }))
          .filter(({ used, workspaceId }) => used >= asked.minimum && workspaceId > asked.after)
          .sort((one, other) => (one.workspaceId < other.workspaceId ? -1 : 1))
          .slice(0, asked.limit)
      }
      return Context.make(
        MemoryUsage,
        MemoryUsage.of({
          use: (year, month, workspaceId, used) => void monthOf(year, month).set(workspaceId, used),
          pages
        })
      ).pipe(
        Context.add(UsageSource, {
          page: (asked) =>
            isConfigured
              ? Effect.sync(() => page(asked))
              : new ClickhouseUnavailable({ operation: "page of usage", reason: "not-configured" })
        })
      )
    })
  )
