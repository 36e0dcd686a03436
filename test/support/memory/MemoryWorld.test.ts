import { deploymentStoreContract } from "../../services/DeploymentStore.contract.ts"
import { keyRefillStoreContract } from "../../services/KeyRefillStore.contract.ts"
import { quotaStoreContract } from "../../services/QuotaStore.contract.ts"
import { regionStoreContract } from "../../services/RegionStore.contract.ts"
import { routeStoreContract } from "../../services/RouteStore.contract.ts"
import { memoryWorld } from "./MemoryWorld.ts"

// What workflow tests rest on: the double keeps the same promises as the database.
deploymentStoreContract("memory", memoryWorld)
routeStoreContract("memory", memoryWorld)
regionStoreContract("memory", memoryWorld)
keyRefillStoreContract("memory", memoryWorld)
quotaStoreContract("memory", memoryWorld)
