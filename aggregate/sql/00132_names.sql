-- +goose NO TRANSACTION
-- +goose Up

-- Persons are named by the kind of their contact keys first: crm, email, phone, ticket, others, cookie. What was named by the smallest
-- key of all is walked anew, once.
TRUNCATE TABLE IF EXISTS walked;

-- +goose Down
SELECT 1;
