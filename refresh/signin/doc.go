// Package signin lets a person sign in at an authorization server and yields
// the first credential.
//
// Start with [Browser], the authorization code grant with PKCE and a listener
// on loopback (RFC 8252), or [Device], for those whose browser is elsewhere (RFC
// 8628). The package opens no browser by itself, stores nothing and prints
// nothing.
package signin
