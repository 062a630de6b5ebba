export function registerHooks(url: string, data?: unknown): Promise<void>;
