-- Loses every webhook with its secret, its place in the feed, and the record of its deliveries.
DROP TABLE webhook_deliveries;
DROP TABLE webhooks;
