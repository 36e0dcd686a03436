import { Context, Effect, Layer } from "effect"
import { NoticeStands } from "./MaintenanceService.ts"
import { type Notice, StatusPage, StatusPageUnavailable } from "./StatusPage.ts"

/** What a test may look at. */
export class StatusPageLog extends Context.Tag("example/StatusPageLog")<
  StatusPageLog,
  { readonly shown: ReadonlyMap<string, Notice>; readonly told: ReadonlySet<string> }
>() {}

/** A status page in memory. `mailIsAway`: subscribers can never be told. */
export const memoryStatusPage = (
  options: { readonly mailIsAway?: boolean } = {}
): Layer.Layer<StatusPage | StatusPageLog> =>
  Layer.effectContext(
    Effect.sync(() => {
      const shown = new Map<string, Notice>()
      const told = new Set<string>()
      const page = StatusPage.of({
        show: (notice) =>
          Effect.suspend(() => {
            const standing = shown.get(notice.projectId)
            if (standing !== undefined && standing.id !== notice.id) return new NoticeStands(notice)
            shown.set(notice.projectId, notice)
            return Effect.void
          }),
        hide: (projectId, noticeId) =>
          Effect.sync(() => {
            if (shown.get(projectId)?.id === noticeId) shown.delete(projectId)
          }),
        tellSubscribers: (_, noticeId) =>
          options.mailIsAway === true
            ? new StatusPageUnavailable({ reason: "unreachable" })
            : Effect.sync(() => told.add(noticeId))
      })
      return Context.make(StatusPage, page).pipe(Context.add(StatusPageLog, { shown, told }))
    })
  )
