// Package refresh talks to OAuth authorization servers and rotates refresh tokens.
//
// Start with [Rotation], which refreshes an account's credential and never presents a refresh token after its successor
// has arrived, and with [Client], which sends requests to one issuer's endpoints: metadata, token, revocation and
// device authorization. The package signin below this one signs a person in.
//
// The package stores nothing itself, knows no concrete store and prints nothing. It sends each grant once: on a new
// connection, over HTTP/1.1, without redirects and without the automatic retries of HTTP clients. It does not use the
// token request of golang.org/x/oauth2, which may send a grant twice.
package refresh
