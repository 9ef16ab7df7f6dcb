// Package accountdir keeps the records of accounts: one small JSON file for
// each, which says where its credential is and holds no secret and no e-mail
// address. Start with [New].
//
// It knows nothing of stores and never looks at credentials.
package accountdir
