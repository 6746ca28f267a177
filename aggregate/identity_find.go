package aggregate

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
)

// FindKeys gives contact keys and accounts that a text may mean, the surest first: the key itself, an address or a number
// without its kind, the id of a record without its system, a company's domain, or the beginning of an address.
func (s *Store) FindKeys(ctx context.Context, text string, limit int) ([]string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
	exact := []string{text, strings.ToLower(text), "email:" + strings.ToLower(text), "phone:+" + strings.TrimPrefix(digits, "00"), "cookie:" + text}
	const (
		known    = "SELECT contact_key FROM people FINAL WHERE contact_key IN (?) ORDER BY contact_key LIMIT ?"
		accounts = "SELECT DISTINCT account FROM account_links WHERE account IN (?) ORDER BY account LIMIT ?"
		like     = `
			SELECT contact_key FROM people FINAL
			WHERE endsWith(contact_key, ?) OR startsWith(contact_key, ?)
				OR (length(?) > 5 AND startsWith(contact_key, 'phone:') AND endsWith(contact_key, ?))
			ORDER BY endsWith(contact_key, ?) DESC, contact_key LIMIT ?`
	)
	out, err := s.strings(ctx, known, exact, limit)
	if err == nil && len(out) == 0 {
		out, err = s.strings(ctx, accounts, []string{text, accountPrefix + text, accountPrefix + strings.ToLower(text)}, limit)
	}
	if err == nil && len(out) == 0 { // looks through all keys
		out, err = s.strings(ctx, like, "/"+text, "email:"+strings.ToLower(text), digits, digits, "/"+text, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("find %q: %w", text, err)
	}
	return out, nil
}

// strings gives the only column of a query's answer.
func (s *Store) strings(ctx context.Context, query string, args ...any) ([]string, error) {
	var out []string
	err := s.each(ctx, func(scan func(...any) error) error {
		var text string
		err := scan(&text)
		out = append(out, text)
		return err
	}, query, args...)
	return out, err
}

// AccountIdentity is a company and the persons who buy for it.
type AccountIdentity struct {
	Account string         `json:"account"`
	Persons []string       `json:"persons" doc:"The keys that name them, at most 500"`
	Cases   []IdentityCase `json:"cases"`
}

// Account gives the persons of an account; without any the error is ErrNoKey.
func (s *Store) Account(ctx context.Context, account string) (AccountIdentity, error) {
	out := AccountIdentity{Account: account}
	err := s.each(ctx, func(scan func(...any) error) error {
		var person string
		err := scan(&person)
		out.Persons = append(out.Persons, person)
		return err
	}, `SELECT DISTINCT person FROM people FINAL
		WHERE contact_key IN (SELECT contact_key FROM people WHERE account = ?) AND account = ? ORDER BY person LIMIT ?`,
		account, account, identityKeys)
	if err == nil && len(out.Persons) == 0 {
		err = ErrNoKey
	}
	if err == nil {
		out.Cases, err = s.identityCases(ctx, account, "", account)
	}
	if err != nil {
		return AccountIdentity{}, fmt.Errorf("account %s: %w", account, err)
	}
	return out, nil
}

// PersonOfCase gives the key that names a case's person. The error is ErrNoCase for a case that nobody knows.
func (s *Store) PersonOfCase(ctx context.Context, journey, id string) (string, error) {
	run := caseRun{Query: Query{Journey: journey}, store: s}
	if err := run.find(ctx, id); err != nil {
		return "", fmt.Errorf("person of case %s: %w", id, err)
	}
	return run.person, nil
}

// IsAccount tells the name of an account from a contact key.
func IsAccount(name string) bool { return isAccount(name) }

// SharedKey is a contact key that connects nobody, because several people use it.
type SharedKey struct {
	Key     string    `json:"key"`
	Reason  string    `json:"reason" enum:"desk,limit,listed" doc:"desk: a desk's mailbox; limit: seen with too many others; listed: in a journey file"`
	Account string    `json:"account,omitempty" doc:"Its company, if it was seen with one only"`
	CRM     uint64    `json:"crm" doc:"Distinct CRM ids it was seen together with"`
	Email   uint64    `json:"email" doc:"Distinct mail addresses"`
	Phone   uint64    `json:"phone" doc:"Distinct phone numbers"`
	Others  uint64    `json:"others" doc:"Distinct keys of other kinds"`
	FirstAt time.Time `json:"first_at" doc:"When it was first seen together with any of them"`
	LastAt  time.Time `json:"last_at"`
}

// SharedKeys lists the keys that connect nobody, those that would connect most first; 0 is all.
func (s *Store) SharedKeys(ctx context.Context, limit int) ([]SharedKey, error) {
	const query = "SELECT contact_key, reason, account, crm, email, phone, others, first_at, last_at FROM shared_keys LIMIT ?"
	var out []SharedKey
	err := s.each(ctx, func(scan func(...any) error) error {
		var k SharedKey
		err := scan(&k.Key, &k.Reason, &k.Account, &k.CRM, &k.Email, &k.Phone, &k.Others, &k.FirstAt, &k.LastAt)
		out = append(out, k)
		return err
	}, query, cmp.Or(limit, 1<<30))
	if err != nil {
		return nil, fmt.Errorf("list shared keys: %w", err)
	}
	return out, nil
}
