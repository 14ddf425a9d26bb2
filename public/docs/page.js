/** The token is kept in this tab's memory. Whatever of Scalar's would ask another host is off, and the Content-Security-Policy of `_headers` would refuse it. */
globalThis.Scalar.createApiReference('#reference', {
  url: '/openapi.json',
  persistAuth: false,
  telemetry: false,
  withDefaultFonts: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  documentDownloadType: 'direct',
  hideModels: true,
  orderSchemaPropertiesBy: 'preserve',
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
})
