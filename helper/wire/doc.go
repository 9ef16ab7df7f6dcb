// Package wire contains what the callers' protocols share: the hosts that may get a token, the token with its headers,
// and the [Source] that decides. Each protocol is a package below this one, which decodes a request, asks the [Source],
// and encodes the answer.
package wire
