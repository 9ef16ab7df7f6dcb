package wire

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
)

// Foreign reports whether the credential's token must not go to the host unless a
// person allows that: it is ChatGPT's, and the host is not. The zero Host is not
// ChatGPT's.
func Foreign(host Host, c helper.Credential) bool { return !host.ChatGPT() && ChatGPT(c) }

// ChatGPT reports whether the credential's token is good at ChatGPT's own back ends,
// and so must go nowhere else. The issuer's hosts say so, or the token's own issuer
// (the iss claim, RFC 7519 section 4.1.1). The profile is a label that a person
// chose: it can make a token ChatGPT's, and cannot make it another's. What cannot
// be read for certain is ChatGPT's.
func ChatGPT(c helper.Credential) bool {
	if c.Issuer.Profile == openAI {
		return true
	}
	for _, address := range []string{
		c.Issuer.URL, c.Issuer.TokenEndpoint, c.Issuer.AuthorizationEndpoint,
		c.Issuer.DeviceEndpoint, c.Issuer.RevocationEndpoint, issuerOf(c.AccessToken),
	} {
		if isOpenAI(address) {
			return true
		}
	}
	return false
}

// openAI is the profile of ChatGPT's issuer.
const openAI = "openai"

// isOpenAI reports whether the address, a URL or a bare host, is one of OpenAI's, or
// is written so that other programs may take it for one.
func isOpenAI(address string) bool {
	address = strings.ToLower(address)
	u, err := url.Parse(address)
	if err == nil && u.Host == "" && address != "" { // no scheme
		u, err = url.Parse("https://" + strings.TrimLeft(address, "/"))
	}
	if err != nil {
		return strings.Contains(address, "openai") || strings.Contains(address, "chatgpt") || !isASCII(address)
	}
	name := strings.TrimRight(u.Hostname(), ".")
	for _, domain := range []string{"openai.com", "chatgpt.com"} {
		if name == domain || strings.HasSuffix(name, "."+domain) {
			return true
		}
	}
	return !isASCII(name) // clients turn other letters and dots into these (UTS #46)
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > '~' })
}

// issuerOf returns the iss claim of a JWT, or nothing. The signature is the back
// end's business.
func issuerOf(token helper.Secret) string {
	var claims struct {
		Issuer string `json:"iss"`
	}
	_ = json.Unmarshal(payloadOf(token), &claims) // a token that is no JWT names nobody
	return claims.Issuer
}

// payloadOf returns the claims of a JWT, or nothing.
func payloadOf(token helper.Secret) []byte {
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return nil
	}
	return payload
}
