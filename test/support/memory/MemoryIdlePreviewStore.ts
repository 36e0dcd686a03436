import { Effect, Ref } from "effect"
import { decodeRow } from "../../../src/layers/mysql/rows.ts"
import { IdlePreview, IdlePreviewStore } from "../../../src/services/idlePreviews/IdlePreviewStore.ts"
import { MemoryTables } from "./MemoryTables.ts"
import type { Rows } from "./Tables.ts"

const idlePreview = decodeRow(IdlePreview)

const isIdlePreview = (rows: Rows, row: Rows["deployments"][number], idleSince: number) => {
  const environment = rows.environments.find(({ id }) => id === row.environment_id)
  const project = rows.projects.find(({ id }) => id === row.project_id)
  return (
    environment?.slug === "preview" &&
    project !== undefined &&
    project.live_deployment_id !== row.id &&
    row.created_at < idleSince &&
    (row.updated_at === null || row.updated_at < idleSince)
  )
}

/** The order of insertion stands in for `pk`, counted from 1. */
export const makeIdlePreviewStore = Effect.map(MemoryTables, (tables) =>
  IdlePreviewStore.of({
    page: ({ idleSince, after, limit }) =>
      Effect.map(Ref.get(tables), (rows) => {
        const scanned = rows.deployments
          .map((row, index) => ({ row, ordinal: index + 1 }))
          .filter(({ ordinal, row }) => ordinal > after && row.status === "ready" && row.desired_state === "running")
          .slice(0, limit)
        return {
          previews: scanned
            .filter(({ row }) => isIdlePreview(rows, row, idleSince))
            .map(({ ordinal, row }) => idlePreview({ ...row, deployment_id: row.id, ordinal })),
          next: scanned.length < limit ? null : (scanned.at(-1)?.ordinal ?? null)
        }
      })
  })
)
