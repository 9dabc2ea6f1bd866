/** Notes which route a request has taken, for those who measure requests: whole paths would make a series for each object. */
const routes = new WeakMap<object, string>();

export function noteRoute(request: object, route: string): void {
  routes.set(request, route);
}

export function routeOf(request: object): string | undefined {
  return routes.get(request);
}
