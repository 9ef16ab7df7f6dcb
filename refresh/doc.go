// Package refresh holds the conversation with the authorization server and the
// rotation of refresh tokens round it.
//
// Start with [Rotation], which answers the one question of helper ("a newer
// credential, please") and never presents a refresh token whose successor has
// arrived, and with [Client], which speaks to the endpoints of one issuer: metadata, token,
// revocation, device authorization. How a person signs in is in the package signin below this one.
//
// The package keeps nothing, knows no store and prints nothing. It sends each
// grant once: on a connection of its own, over HTTP/1.1, without redirects and
// without the replays that HTTP clients do by themselves. That is why the token
// request is not the one of golang.org/x/oauth2, which may send it twice.
package refresh
