import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Schema } from "effect"
import { IdlePreview, IdlePreviewStore } from "../../services/idlePreviews/IdlePreviewStore.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

type PageQuery = Parameters<IdlePreviewStore["Type"]["page"]>[0]

const scannedRows = decodeRows(Schema.Struct({ ...IdlePreview.fields, isIdlePreview: Schema.Boolean }))

/**
 * The inner SELECT walks `deployments_idle_scan_idx` from the cursor and stops after `limit` entries, however few are previews:
 * the cost of a page is bounded. All rows are returned, so that the cursor moves past unwanted ones.
 *
 * The optimizer could choose the primary key, which has the requested order, and would then scan every deployment; MySQL 9 also
 * chose `status_idx`, which has every ready deployment, running or not. MySQL takes the hint, which is only a warning if the
 * index is missing (an index named in FORCE INDEX would be an error). For MariaDB 10.11 the hint is a comment.
 */
const selectPage = (sql: SqlClient, { after, limit, idleSince }: PageQuery) =>
  scannedRows(sql`
    SELECT d.pk AS ordinal, d.id AS deployment_id, d.workspace_id, d.project_id, d.environment_id,
           CASE WHEN e.slug = 'preview' AND d.created_at < ${idleSince}
                 AND (d.updated_at IS NULL OR d.updated_at < ${idleSince})
                 AND p.id IS NOT NULL AND (p.live_deployment_id IS NULL OR p.live_deployment_id <> d.id)
                THEN 1 ELSE 0 END AS is_idle_preview
    FROM (
      SELECT /*+ INDEX(deployments deployments_idle_scan_idx) */
             pk, id, workspace_id, project_id, environment_id, created_at, updated_at
      FROM deployments IGNORE INDEX (PRIMARY)
      WHERE desired_state = 'running' AND status = 'ready' AND pk > ${after} ORDER BY pk LIMIT ${limit}
    ) d
    LEFT JOIN environments e ON e.id = d.environment_id
    LEFT JOIN projects p ON p.id = d.project_id
    ORDER BY d.pk`)

export const IdlePreviewStoreLive: Layer.Layer<IdlePreviewStore, never, MysqlPools> = Layer.effect(
  IdlePreviewStore,
  Effect.map(MysqlPools, ({ primary }) =>
    IdlePreviewStore.of({
      page: storeMethods("IdlePreviewStore", primary).query("page", (request: PageQuery) =>
        Effect.map(selectPage(primary.sql, request), (scanned) => ({
          previews: scanned
            .filter(({ isIdlePreview }) => isIdlePreview)
            .map(({ isIdlePreview: _, ...preview }) => preview),
          next: scanned.length < request.limit ? null : (scanned.at(-1)?.ordinal ?? null)
        }))
      )
    })
  )
)
