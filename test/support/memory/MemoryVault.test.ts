import { vaultContract } from "../../services/Vault.contract.ts"
import { MemoryVault } from "./MemoryVault.ts"

// What workflow tests rest on: the double keeps the same promises as the vaults.
vaultContract("memory", MemoryVault, { isDouble: true })
