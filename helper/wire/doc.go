// Package wire has what the protocols of callers share: which host a token may
// go to, what goes with the token, and who decides. Each protocol is a package
// below it that decodes a request, asks the [Source], and encodes the answer.
package wire
