import { buildLedgerContract } from "../../services/BuildLedger.contract.ts"
import { certificateStoreContract } from "../../services/CertificateStore.contract.ts"
import { clickhouseSettingsStoreContract } from "../../services/ClickhouseSettingsStore.contract.ts"
import { deploymentStoreContract } from "../../services/DeploymentStore.contract.ts"
import { domainProofStoreContract } from "../../services/DomainProofStore.contract.ts"
import { domainStoreContract } from "../../services/DomainStore.contract.ts"
import { idlePreviewStoreContract } from "../../services/IdlePreviewStore.contract.ts"
import { keyRefillStoreContract } from "../../services/KeyRefillStore.contract.ts"
import { quotaStoreContract } from "../../services/QuotaStore.contract.ts"
import { regionStoreContract } from "../../services/RegionStore.contract.ts"
import { routeStoreContract } from "../../services/RouteStore.contract.ts"
import { memoryWorld } from "./MemoryWorld.ts"

// Validates the test double of workflow tests: it keeps the promises of the database.
deploymentStoreContract("memory", memoryWorld)
routeStoreContract("memory", memoryWorld)
regionStoreContract("memory", memoryWorld)
domainProofStoreContract("memory", memoryWorld)
domainStoreContract("memory", memoryWorld)
certificateStoreContract("memory", memoryWorld)
clickhouseSettingsStoreContract("memory", memoryWorld)
idlePreviewStoreContract("memory", memoryWorld)
keyRefillStoreContract("memory", memoryWorld)
quotaStoreContract("memory", memoryWorld)
buildLedgerContract("memory", memoryWorld)
