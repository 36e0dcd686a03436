import { crashSuite } from "./support/crashSuite.ts"

crashSuite("a crash where every wait suspends", { inactivityTimeout: 0 })
