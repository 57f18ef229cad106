/** Metadata of the session's services, upstream's names. */
export const header = {
  id: "x-docker-expose-session-uuid",
  sharedKey: "x-docker-expose-session-sharedkey",
  name: "x-docker-expose-session-name",
  method: "x-docker-expose-session-grpc-method",
  healthTimeout: "x-buildkit-session-health-custom-timeout",
  directory: "dir-name",
  include: "include-patterns",
  exclude: "exclude-patterns",
  follow: "followpaths",
  exporter: "buildkit-attachable-exporter-id",
  exporterMetadata: "exporter-md-",
  multiPlatform: "buildkit-exporter-multi-platform",
  urlPath: "urlpath",
  urlHost: "urlhost",
  ssh: "buildkit.ssh.id",
  store: "buildkit-attachable-store-id",
} as const;
