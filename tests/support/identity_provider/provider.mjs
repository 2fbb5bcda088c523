// A certified OpenID provider with the accounts of a file; whoever names one of them signs in.
// Arguments: port, the file of accounts, the address to return to, and where one ends after signing out.
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const [port, accounts, callback, signedOut] = process.argv.slice(2);
const claimsOf = (id) => JSON.parse(readFileSync(accounts, "utf8"))[id];

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "afterword",
      client_secret: "a secret of the tests, with a : and a %",
      redirect_uris: [callback],
      post_logout_redirect_uris: [signedOut],
    },
  ],
  claims: {
    openid: ["sub"],
    email: ["email", "email_verified"],
    profile: ["name", "groups", "stores"],
  },
  cookies: { keys: ["a key of the tests"] },
  pkce: { required: () => true },
  async findAccount(context, id) {
    const claims = claimsOf(id);
    return claims && { accountId: id, claims: async () => ({ sub: id, ...claims }) };
  },
  // Nobody is asked what the client may see.
  async loadExistingGrant(context) {
    const grant = new context.oidc.provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope("openid email profile");
    await grant.save();
    return grant;
  },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
