import { sized } from "../support/size.ts"
import { crashSuite } from "./support/crashSuite.ts"

crashSuite("a crash", {}, sized(8, Number.POSITIVE_INFINITY))
