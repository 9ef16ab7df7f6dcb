// Package signin signs a person in at an authorization server and returns the first credential.
//
// Start with [Browser], the authorization code grant with PKCE and a loopback listener (RFC 8252), or [Device], for a
// browser on another device (RFC 8628). The package opens no browser itself, stores nothing and prints nothing.
package signin
