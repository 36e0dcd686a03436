import { env } from "node:process"
import { ConfigProvider, Layer } from "effect"
import { mySqlServer, realMySqlServer } from "../../../dev/stack/MySqlServer.ts"

const { STACK_MYSQL_DSN: sharedAddress, ...withoutShared } = env

const machinesServer = Layer.provide(mySqlServer, Layer.setConfigProvider(ConfigProvider.fromJson(withoutShared)))

/**
 * A server of one file's own, for tests that change global settings: other files write to the shared one meanwhile. MySQL
 * itself where the run is on MySQL.
 */
export const serverAlone =
  sharedAddress === undefined ? machinesServer : Layer.orElse(realMySqlServer, () => machinesServer)
