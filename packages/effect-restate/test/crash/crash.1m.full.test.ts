import { crashGuarantees } from "./guarantees.ts"

crashGuarantees("1 minute")
