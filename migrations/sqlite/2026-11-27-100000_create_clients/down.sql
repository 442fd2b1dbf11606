-- Loses every service client with its secrets: all of them have to be registered again.
DROP TABLE client_secrets;
DROP TABLE clients;
