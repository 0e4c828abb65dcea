# syntax=docker/dockerfile:1

FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY proto/package.json proto/
COPY server/package.json server/
COPY client/package.json client/
RUN npm ci
COPY tsconfig.base.json ./
COPY proto proto
COPY server server
RUN npx tsc -b server

# What the server needs to run, and nothing of the tests or the client.
FROM node:20-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY proto/package.json proto/
COPY server/package.json server/
COPY client/package.json client/
RUN npm ci --omit=dev --workspace server --workspace proto --include-workspace-root=false \
  && mkdir -p server/node_modules

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=dependencies /app/server/node_modules server/node_modules
COPY package.json ./
COPY proto proto
COPY server/package.json server/
COPY --from=build /app/server/dist server/dist
# For the default store, sqlite:data/annals.db.
RUN mkdir data && chown node:node data
USER node
EXPOSE 50051
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s CMD ["node", "server/dist/main.js", "health"]
# The young generation of Node's memory: docs/reference/configuration.md.
CMD ["node", "--max-semi-space-size=32", "server/dist/main.js", "serve"]
