-- SPDX-License-Identifier: GPL-3.0-or-later
-- Least rights for the checks: Configuration Manager 2012 to current branch, on SQL Server 2012 and later. Run as a
-- member of sysadmin, with sqlcmd or Management Studio, on the owning site's database server.
-- Put in your own: CM_CEN (the site database), sms_check, and a password.

USE CM_CEN
GO

-- A SQL login; the server must allow them (mixed mode).
CREATE LOGIN sms_check WITH PASSWORD = N'CHANGE-THIS', DEFAULT_DATABASE = CM_CEN
CREATE USER sms_check FOR LOGIN sms_check
GO

-- Or a Windows account instead, then [CORP\svc_monitor] for sms_check below:
-- CREATE LOGIN [CORP\svc_monitor] FROM WINDOWS WITH DEFAULT_DATABASE = CM_CEN
-- CREATE USER [CORP\svc_monitor] FOR LOGIN [CORP\svc_monitor]
-- GO

-- The product's own role for reading its views: v_Site, v_DistributionPoint, v_Package,
-- v_PackageStatusDistPointsSumm, v_PackageStatusRootSummarizer.
ALTER ROLE smsschm_users ADD MEMBER sms_check
GO

-- check_sms_packages also reads two objects, because no view of the role has the versions of the sites.
GRANT SELECT ON PkgStatus TO sms_check
GRANT SELECT ON SMSPackages TO sms_check
GO

-- check_sms_dps: not needed, each tells more. Status messages in words, and prestaged content, which waits by design;
-- pull DPs, DPs in maintenance mode, DPs that are not active; drives that are nearly full.
GRANT SELECT ON vSMS_DistributionDPStatus TO sms_check
GRANT SELECT ON v_DistributionPoints TO sms_check
GRANT SELECT ON v_DistributionPointDriveInfo TO sms_check
GO

-- To take it all back:
-- DROP USER sms_check
-- DROP LOGIN sms_check
