import { crashGuarantees } from "./guarantees.ts"

crashGuarantees("0 millis")
