// Package accountdir keeps the records of accounts: one small JSON file for each, which names the
// store of its credential and holds no secret and no e-mail address. Start with [New].
//
// It does not use stores and never reads credentials.
package accountdir
