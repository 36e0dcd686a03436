import { deploymentStoreContract } from "../../services/DeploymentStore.contract.ts"
import { keyRefillStoreContract } from "../../services/KeyRefillStore.contract.ts"
import { quotaStoreContract } from "../../services/QuotaStore.contract.ts"
import { regionStoreContract } from "../../services/RegionStore.contract.ts"
import { routeStoreContract } from "../../services/RouteStore.contract.ts"
import { mysqlWorld } from "./MysqlWorld.ts"

deploymentStoreContract("MySQL", mysqlWorld)
routeStoreContract("MySQL", mysqlWorld)
regionStoreContract("MySQL", mysqlWorld)
keyRefillStoreContract("MySQL", mysqlWorld)
quotaStoreContract("MySQL", mysqlWorld)
