# The service. Build from the repository's root: docker build -t anycast .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
COPY Directory.Build.props Directory.Packages.props global.json BannedSymbols.txt .editorconfig ./
COPY Anycast.Tunnel/*.csproj Anycast.Tunnel/packages.lock.json Anycast.Tunnel/
COPY Anycast.Core/*.csproj Anycast.Core/packages.lock.json Anycast.Core/
COPY Anycast.Agent/*.csproj Anycast.Agent/packages.lock.json Anycast.Agent/
COPY Anycast.Sandbox/*.csproj Anycast.Sandbox/packages.lock.json Anycast.Sandbox/
COPY Anycast.Web/*.csproj Anycast.Web/packages.lock.json Anycast.Web/
RUN dotnet restore Anycast.Web --locked-mode
COPY appsettings.json ./
COPY Anycast.Tunnel Anycast.Tunnel
COPY Anycast.Core Anycast.Core
COPY Anycast.Agent Anycast.Agent
COPY Anycast.Sandbox Anycast.Sandbox
COPY Anycast.Web Anycast.Web
COPY deploy deploy
RUN dotnet publish Anycast.Web -c Release --no-restore -o /app \
 && mkdir /data && chown 1654:1654 /data

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
COPY --from=build --chown=1654:1654 /data /data
# The image's own user, who owns the data and nothing else.
USER 1654
ENV ASPNETCORE_URLS=http://+:8080 Anycast__Data__Directory=/data DOTNET_EnableDiagnostics=0
EXPOSE 8080
VOLUME /data
ENTRYPOINT ["dotnet", "Anycast.Web.dll"]
