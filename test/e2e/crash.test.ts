import { crashSuite } from "./support/crashSuite.ts"

crashSuite("a crash", {})
