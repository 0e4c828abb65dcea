import { createMemoryStore } from "#server/store/memory/open.js";
import { describeStoreContract } from "./contract/store/suite.js";

describeStoreContract({ name: "memory", open: () => Promise.resolve(createMemoryStore()) });
