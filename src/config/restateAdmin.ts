import type { FileSystem } from "@effect/platform"
import { Effect, Option } from "effect"
import type { ConfigProblems } from "./ConfigProblems.ts"
import { mysqlAddress } from "./MysqlAddress.ts"
import { optional, type SettingValues } from "./Setting.ts"
import { settings } from "./settings.ts"
import { loadSettings } from "./someSettings.ts"

const restateTree = {
  restate: { adminUrl: settings.restate.adminUrl, apiKey: settings.restate.apiKey },
  builds: { deadline: settings.builds.deadline }
}

/** Commands that show facts do without a database and without ClickHouse. */
const factsTree = {
  restate: restateTree.restate,
  clickhouse: { url: settings.clickhouse.url, requestTimeout: settings.clickhouse.requestTimeout },
  database: { ...settings.database, primary: optional(mysqlAddress, settings.database.primary.meaning) }
}

type Load<T> = (
  file: Option.Option<string>,
  adminUrl: Option.Option<string>
) => Effect.Effect<T, ConfigProblems, FileSystem.FileSystem>

const adminUrlOverride = (adminUrl: Option.Option<string>) =>
  Option.toArray(Option.map(adminUrl, (url) => ["restate.admin_url", url] as const))

/** The settings of Restate's admin API. */
export const loadRestateAdmin: Load<SettingValues<typeof restateTree>> = (file, adminUrl) =>
  loadSettings(restateTree, file, adminUrlOverride(adminUrl))

/** The address of Restate's ingress, if one is configured. */
export const loadIngressUrl = (file: Option.Option<string>) =>
  Effect.map(
    loadSettings({ restate: { ingressUrl: settings.restate.ingressUrl } }, file, []),
    ({ restate }) => restate.ingressUrl
  )

/** The settings of Restate's admin API, and of the database and ClickHouse if they are configured. */
export const loadFactSources: Load<SettingValues<typeof factsTree>> = (file, adminUrl) =>
  loadSettings(factsTree, file, adminUrlOverride(adminUrl))
