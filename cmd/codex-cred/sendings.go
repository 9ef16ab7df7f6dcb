package main

import (
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/worker"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// A sending is a kind of request that this program sends, as the privacy command lists it. A test
// runs every command and compares its requests with this list.
type sending struct {
	Request refresh.Request `json:"request"`
	// ChatGPT is the URL for the default issuer, or empty if it does not receive this request.
	ChatGPT string `json:"chatgpt,omitempty"`
	// Others describes the recipient for other issuers.
	Others string `json:"others"`
	When   string `json:"when"`
	// Commands are the commands that may send it.
	Commands []string `json:"commands"`
	// Carries are the names of its parameters.
	Carries []string `json:"carries"`
}

// sendings lists every kind of request, in the order of a sign-in's life. chatGPT is the default
// issuer.
func sendings(chatGPT helper.Issuer) []sending {
	list := append(signInSendings(), laterSendings()...)
	for i := range list {
		list[i].ChatGPT = list[i].Request.Endpoint(chatGPT)
	}
	return list
}

func signInSendings() []sending {
	return []sending{
		{
			Request:  refresh.RequestMetadata,
			Others:   "the well-known addresses of the issuer (RFC 8414, OpenID Connect Discovery)",
			When:     "at a sign-in with --profile oauth, and when store is given a credential of such an issuer",
			Commands: []string{"login", "store"},
			Carries:  []string{},
		},
		{
			Request: refresh.RequestCode, Others: "its token endpoint",
			When: "once, when you have signed in in the browser or entered a code", Commands: []string{"login"},
			Carries: []string{"client_id", "code", "code_verifier", "grant_type", "redirect_uri"},
		},
		{
			Request: refresh.RequestDevice, Others: "its device authorization endpoint",
			When: "at login --device", Commands: []string{"login"}, Carries: []string{"client_id", "scope"},
		},
		{
			Request: refresh.RequestPoll, Others: "its token endpoint",
			When: "at login --device, every few seconds until you have entered the code", Commands: []string{"login"},
			Carries: []string{"client_id", "device_auth_id", "device_code", "grant_type", "user_code"},
		},
	}
}

func laterSendings() []sending {
	return []sending{
		{
			Request: refresh.RequestRefresh,
			Others:  "its token endpoint",
			When:    "when a program asks for a token and the stored one is near its end or was rejected, and when you run refresh; a process in the background sends it",
			// Every command starts a worker, which sends the request.
			Commands: []string{worker.Command},
			Carries:  []string{"client_id", "grant_type", "refresh_token"},
		},
		{
			Request: refresh.RequestRevoke, Others: "its revocation endpoint, if it has one",
			When:     "at erase --revoke, and when a refresh ends after its account was erased",
			Commands: []string{"erase", worker.Command}, Carries: []string{"client_id", "token", "token_type_hint"},
		},
		{
			Request:  refresh.RequestReach,
			Others:   "the root of the server that has its token endpoint",
			When:     "at doctor, unless --offline, to see that the issuer answers and what time it has; before the first sign-in ChatGPT is asked",
			Commands: []string{doctorName},
			Carries:  []string{},
		},
	}
}

// besides describes other traffic and other data that enter or leave this process.
func besides() []string {
	return []string{
		"The address of the issuer is looked up as your system does it. A proxy is used if HTTPS_PROXY says so; it sees the host, not the content.",
		"login opens your browser at the issuer's sign-in page. The address has the client id, the scope, the address to come back to and random values; " +
			"the first three are public. Until the browser is back, login listens on 127.0.0.1.",
		"The keychain is asked through the system: on Linux over the socket of the session's D-Bus.",
		"setup CLIENT --verify runs that program, with a listener on 127.0.0.1 in the place of its API. What the program itself sends is its own business.",
		"get, exec and helper hand the access token to the program that asked. git, docker and go get one only for a host that you named with host add.",
	}
}

// never lists what is never sent.
func never() []string {
	return []string{
		"telemetry, statistics, crash reports, checks for updates",
		"names of accounts, files, hosts and programs, your e-mail, the id of this computer",
		"a refresh token, but to the token and revocation endpoints of the issuer that issued it",
		"anything to a host that is not the issuer's: its endpoints are kept at the sign-in, and redirects are not followed",
	}
}
