export const ROLES = ['operator', 'partner', 'viewer', 'admin'] as const;

export type Role = (typeof ROLES)[number];
