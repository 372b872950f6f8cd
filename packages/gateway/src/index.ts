export { type Config, ConfigError, readConfig } from "./config.ts";
export { ChainReplaced } from "./chain/errors.ts";
export { FolderInUse, lockFolder } from "./database/folder-lock.ts";
export { type Gateway, startGateway } from "./gateway.ts";
export { bootstrapClient } from "./keys/bootstrap.ts";
export { createLogger } from "./observability/log.ts";
